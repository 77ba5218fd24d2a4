"""What makes stored figures beyond training: conditions, the gate, explanations, training speakers, a corpus of one's own."""
