#!/bin/sh
# SPDX-License-Identifier: MIT
# Writes assembler that compiles files into a program (base/embed.h): embed.sh SYMBOL STRIP FILE...
# The name of each is its path without the prefix STRIP.
symbol=$1 strip=$2
shift 2
printf '.section .data.rel.ro,"aw"\n.balign 8\n.global %s\n%s:\n' "$symbol" "$symbol"
i=0
for f in "$@"; do printf '.quad .Ln%d, .Ld%d, .Le%d - .Ld%d\n' $i $i $i $i; i=$((i + 1)); done
printf '.quad 0, 0, 0\n.section .rodata\n'
i=0
for f in "$@"; do
  printf '.Ln%d: .asciz "%s"\n.Ld%d: .incbin "%s"\n.Le%d: .byte 0\n' $i "${f#"$strip"}" $i "$f" $i
  i=$((i + 1))
done
printf '.section .note.GNU-stack,"",@progbits\n'
