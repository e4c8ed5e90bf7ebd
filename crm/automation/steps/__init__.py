"""The step types, one file each; `types.STEP_TYPES` lists them in the order people see them."""
