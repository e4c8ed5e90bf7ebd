"""The trigger types, one file per family; `types.TRIGGER_TYPES` lists them in the order people see them."""
