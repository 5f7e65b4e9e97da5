"""What screens are made of: tables, drawn racks, the floor plan, the timeline. They draw what views hand them."""
