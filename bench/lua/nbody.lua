-- nbody: floats in fields of tables. Five bodies pull at each other for n steps.
local sqrt = math.sqrt

local function make_bodies()
  local bodies = {}
  for i = 1, 5 do
    bodies[i] = {
      x = i * 1.7 - 4, y = (i * 7 % 5) - 2.2, z = (i * 3 % 4) * 0.3,
      vx = 0.1 * i, vy = 0.02 * (3 - i), vz = 0.005 * (i % 3),
      mass = 40 / (i * i * i),
    }
  end
  return bodies
end

local function advance(bodies, dt)
  local count = #bodies
  for i = 1, count do
    local a = bodies[i]
    local ax, ay, az, a_mass = a.x, a.y, a.z, a.mass
    local vx, vy, vz = a.vx, a.vy, a.vz
    for j = i + 1, count do
      local b = bodies[j]
      local dx, dy, dz = ax - b.x, ay - b.y, az - b.z
      local d2 = dx * dx + dy * dy + dz * dz + 0.01
      local pull = dt / (d2 * sqrt(d2))
      local pull_a, pull_b = b.mass * pull, a_mass * pull
      vx, vy, vz = vx - dx * pull_a, vy - dy * pull_a, vz - dz * pull_a
      b.vx, b.vy, b.vz = b.vx + dx * pull_b, b.vy + dy * pull_b, b.vz + dz * pull_b
    end
    a.vx, a.vy, a.vz = vx, vy, vz
    a.x, a.y, a.z = ax + dt * vx, ay + dt * vy, az + dt * vz
  end
end

local function run(n)
  local bodies = make_bodies()
  for _ = 1, n do advance(bodies, 0.01) end
  local sum = 0
  for _, b in ipairs(bodies) do sum = sum + b.mass * (b.vx * b.vx + b.vy * b.vy + b.vz * b.vz) end
  return ("%.9f"):format(sum)
end

return { n = 40000, small = 50, run = run }
