"""What all rooms share: results and their types, notes in notebooks, errors, patches of other people's libraries."""
