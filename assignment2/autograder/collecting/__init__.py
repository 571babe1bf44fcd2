"""From the zips that learning management systems (LMSs) make to `submitted/`, and feedback pages back to them."""
