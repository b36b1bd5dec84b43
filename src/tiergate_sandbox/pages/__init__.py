"""The pages that people see: hosted checkout, authentication of a card, and the overview."""
