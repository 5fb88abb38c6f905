"""The command line: each verb parses, calls one study or room, and prints."""
