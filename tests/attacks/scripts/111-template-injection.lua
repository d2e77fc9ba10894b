-- ATTACK hostile value: template language, markup and front matter inside of values | SAFE HOST: values are data: nothing in them is executed
-- SPDX-License-Identifier: MIT
for _, text in ipairs { "{{ contact.email }}", "{% include 'x' %}", "{% for i in (1..100000000) %}x{% endfor %}", "--- purpose: ask ---", "<script>alert(1)</script>", "{{ secrets.api_key }}" } do
  pcall(host.send, { to = contact.email, subject = text, body = text })
end
