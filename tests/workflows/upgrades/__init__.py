"""A change of the workflow, from the patch to its removal, with what each stage of it recorded."""
