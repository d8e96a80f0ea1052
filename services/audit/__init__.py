"""What the audit log tells, and of which refusals."""
