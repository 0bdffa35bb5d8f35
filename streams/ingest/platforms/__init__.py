"""What the messages of each platform mean. A module a platform; none of them knows how a message came."""
