-- spectral: nested loops over arrays of floats. The largest singular value of an infinite matrix, cut at n.
local function a(i, j)
  local ij = i + j - 1
  return 1.0 / (ij * (ij - 1) * 0.5 + i)
end

local function multiply(v, out, n, transposed)
  for i = 1, n do
    local sum = 0
    for j = 1, n do sum = sum + (transposed and a(j, i) or a(i, j)) * v[j] end
    out[i] = sum
  end
end

local function run(n)
  local u, v, t = {}, {}, {}
  for i = 1, n do u[i] = 1 end
  for _ = 1, 10 do
    multiply(u, t, n, false)
    multiply(t, v, n, true)
    multiply(v, t, n, false)
    multiply(t, u, n, true)
  end
  local vbv, vv = 0, 0
  for i = 1, n do
    vbv, vv = vbv + u[i] * v[i], vv + v[i] * v[i]
  end
  return ("%.9f"):format(math.sqrt(vbv / vv))
end

return { n = 220, small = 8, run = run }
