"""The resources of the API, one file each; `catalogue.RESOURCES` lists them."""
