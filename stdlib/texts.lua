-- SPDX-License-Identifier: MIT
-- Loads templates and plain Liquid as programs: what the host calls for W_RENDER.

local template = require "template"

local M = {}

function M.load(_, files, context)
  local is_plain = context.type == "liquid"
  local compile = is_plain and template.compile_plain or template.compile
  local render = is_plain and template.render_plain or template.render
  local compiled, declarations = compile(files)
  return declarations or {}, function(data, options)
    return render(compiled, data, options)
  end
end

return M
