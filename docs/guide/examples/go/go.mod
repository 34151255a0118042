module example.org/gamemaster

go 1.19
