//! Runs a plan in one transaction and proves the result before COMMIT.
