;; Counts the primes below two million, 100 times over: scattered writes of bytes. For
;; docs/decisions/0007-two-memory-engines.md, which says how to run it.
(module
  (memory (export "memory") 32)
  (func $count (result i32) (local $i i32) (local $j i32) (local $primes i32)
    (memory.fill (i32.const 0) (i32.const 0) (i32.const 2000000))
    (local.set $i (i32.const 2))
    (loop $next
      (if (i32.eqz (i32.load8_u (local.get $i)))
        (then
          (local.set $primes (i32.add (local.get $primes) (i32.const 1)))
          (local.set $j (i32.shl (local.get $i) (i32.const 1)))
          (block $done
            (loop $mark
              (br_if $done (i32.ge_u (local.get $j) (i32.const 2000000)))
              (i32.store8 (local.get $j) (i32.const 1))
              (local.set $j (i32.add (local.get $j) (local.get $i)))
              (br $mark)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 2000000))))
    (local.get $primes))
  (func (export "_start") (local $rounds i32)
    (local.set $rounds (i32.const 100))
    (loop $again
      (if (i32.ne (call $count) (i32.const 148933)) (then unreachable))
      (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))))
