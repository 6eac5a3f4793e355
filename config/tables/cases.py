"""[cases]: where the office's own program leaves its file of cases."""

from config.tables.kinds import OneLine, Table


class CasesFolder(Table):
    """[cases]: a *.csv that comes into `folder` is taken like `acd cases import`; "": nowhere is looked."""

    folder: OneLine = ""
