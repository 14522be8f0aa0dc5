gives 45 to-seconds 45s
gives 5400 to-seconds 1h30m
gives 187200 to-seconds 2d4h
gives 6000 to-seconds 100m
gives 0 to-seconds 0s

refuses to-seconds ''
refuses to-seconds 90
refuses to-seconds h
refuses to-seconds 1x
refuses to-seconds -5m
