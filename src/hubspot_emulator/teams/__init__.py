"""Teams in both APIs: flat with members, and as a tree whose members are asked for one by one."""
