"""What all other folders share: results and their types, notes in notebooks, errors, patches of other libraries."""
