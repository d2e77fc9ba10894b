-- ATTACK hostile value: an outcome of a megabyte, through the error path and with control characters | SAFE HOST: clean error, one line, bounded
-- SPDX-License-Identifier: MIT
error(("\27[2J\r\nok 1 - everything is fine\n"):rep(40000) .. "\xff\0", 0)
