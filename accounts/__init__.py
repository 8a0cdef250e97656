"""Who may send what: applications, senders, templates, and the tokens that prove them."""
