-- rewriter.experiment: which variant a visitor gets, and how often each was seen.
local flaron = require "flaron"
local cookie = require "flaron.cookie"
local logging, plasma = flaron.logging, flaron.plasma

local MONTH = 30 * 24 * 60 * 60

local experiment = {}
experiment.__index = experiment

--- `options`: name, and variants as a list of names.
function experiment.new(options)
  return setmetatable(options, experiment)
end

--- The variant of the visitor, and whether it was drawn just now.
function experiment:variant()
  local kept = cookie.get("ab_" .. self.name)
  for _, variant in ipairs(self.variants) do
    if variant == kept then return variant, false end -- only what is on the list: anyone can write a cookie
  end
  -- The host seeds math.random in each invocation; drawn outside the handlers, it would be the same for all.
  return self.variants[math.random(#self.variants)], true
end

--- The value of Set-Cookie that keeps a visitor at a variant.
function experiment:cookie(variant)
  return cookie.serialize("ab_" .. self.name, variant, { max_age = MONTH })
end

--- Counts that a variant was seen. A page without a count is better than no page.
function experiment:count(variant)
  local key = ("ab:%s:%s"):format(self.name, variant)
  local _, message = plasma.increment(key)
  if message then logging.warn(key .. " not counted:", message) end
end

return experiment
