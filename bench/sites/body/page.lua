-- The 100 KB that flare and nginx answer with.
return ("0123456789"):rep(10240)
