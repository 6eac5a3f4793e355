"""What is asked: scenarios with unit and source for each number, and the model of their year."""
