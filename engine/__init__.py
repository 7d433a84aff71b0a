"""What a call, a family, an account and a campaign are: Arrow in, evidence out."""
