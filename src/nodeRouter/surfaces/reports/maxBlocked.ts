// How many of the nodes that a refused agent's rule means are named: a list that is as long may be cut.

export const MAX_BLOCKED = 5;
