;; A throw leaves blocks, loops, ifs and a br_table with values of every type on the stack; the same
;; code computes what it should when nothing is thrown.
(module
  (type $body (func (param i32 i32)))
  (global $unwinding (mut i32) (i32.const 0))
  (func $throw (export "unwind_throw")
    (global.set $unwinding (i32.const 1)))
  (func $try (export "unwind_try") (param $f i32) (param $L i32) (param $ud i32)
    (call_indirect (type $body) (local.get $L) (local.get $ud) (local.get $f))
    (global.set $unwinding (i32.const 0)))
  (export "unwinding" (global $unwinding))
  (table funcref (elem $body_deep))
  (global $answer (mut i64) (i64.const 0))

  (func $maybe (param $throws i32) (result i32)
    (if (local.get $throws)
      (then (call $throw)))
    (i32.const 3))

  (func $deep (param $throws i32) (result i64)
    (local $turns i32)
    i64.const 1000
    block $out (result i64)
      i64.const 200
      f64.const 1.5
      loop $again (result f64)
        f32.const 2.5
        i32.const 40
        local.get $throws
        i32.eqz
        if (result i32)
          i32.const 1
          local.get $throws
          call $maybe
          i32.add
        else
          block $zero
            block $one
              block $two
                local.get $turns
                br_table $zero $one $two
              end
              unreachable
            end
            unreachable
          end
          i32.const 7
          local.get $throws
          call $maybe
          i32.mul
        end
        i32.add
        f32.convert_i32_s
        f32.add
        f64.promote_f32
        local.get $turns
        i32.const 1
        i32.add
        local.tee $turns
        i32.const 2
        i32.lt_u
        if (param)
          br $again
        end
      end
      f64.add
      i64.trunc_f64_s
      i64.add
      br $out
    end
    i64.add)

  (func $body_deep (param $throws i32) (param i32)
    (global.set $answer (i64.const 1))
    (global.set $answer (call $deep (local.get $throws))))

  (func (export "thrown") (result i64)
    (call $try (i32.const 0) (i32.const 1) (i32.const 0))
    (global.get $answer))
  (func (export "not_thrown") (result i64)
    (call $try (i32.const 0) (i32.const 0) (i32.const 0))
    (global.get $answer))
)
