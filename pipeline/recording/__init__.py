"""A recording comes in: checked, decoded packet by packet, sealed, played back."""
