"""What an account may do, why and until when; and who is told when that changes."""
