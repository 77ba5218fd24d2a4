"""What makes stored figures beyond training: each module is one experiment."""
