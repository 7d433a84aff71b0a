"""Where logs and results lie when it is no folder of this machine: object stores, tables of a lakehouse, a pipe."""
