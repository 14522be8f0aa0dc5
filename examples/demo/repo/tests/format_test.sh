gives 45s to-text 45
gives 1h30m to-text 5400
gives 2d4h to-text 187200
gives 0s to-text 0

refuses to-text ''
refuses to-text 1h
