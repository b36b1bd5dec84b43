"""The use cases, one file each, named by its verb: load, ask the rules, save."""
