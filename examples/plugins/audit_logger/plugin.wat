;; Writes a line to the log of the service for each authentication, operation and event.
;;
;; The layout of records is that of the canonical ABI: a text or a list is its address and its
;; length, an option or a result begins with a byte that selects the case.
(module
  (import "seaworthy:plugin/log@0.2.0" "write"
    (func $write (param $level i32) (param $text i32) (param $length i32)))

  (memory (export "memory") 2)
  (data (i32.const 64) " request=")
  (data (i32.const 80) " actor=")
  (data (i32.const 96) "event ")
  (data (i32.const 112) " id=")
  (data (i32.const 128) " source=")
  (data (i32.const 144) " data=")

  ;; Memory for texts and lists that the host passes. It grows, and ends with the call.
  (global $free (mut i32) (i32.const 65536))
  (func (export "cabi_realloc")
    (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
    (local $begin i32) (local $missing i32)
    (local.set $begin (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get $begin) (local.get $size)))
    (local.set $missing
      (i32.sub
        (i32.shr_u (i32.add (global.get $free) (i32.const 65535)) (i32.const 16))
        (memory.size)))
    (if (i32.gt_s (local.get $missing) (i32.const 0))
      (then (drop (memory.grow (local.get $missing)))))
    (local.get $begin))

  ;; The bytes at 16 are zero: a result without an error and without values.
  (func (export "seaworthy:plugin/lifecycle@0.2.0#initialize") (param i32 i32) (result i32)
    (i32.const 16))
  (func (export "seaworthy:plugin/lifecycle@0.2.0#start") (result i32) (i32.const 16))
  (func (export "seaworthy:plugin/lifecycle@0.2.0#stop") (result i32) (i32.const 16))
  (func (export "seaworthy:plugin/lifecycle@0.2.0#cleanup") (result i32) (i32.const 16))
  (func (export "seaworthy:plugin/lifecycle@0.2.0#health-check") (result i32) (i32.const 16))

  ;; The line is at 4096 and has at most 4096 bytes.
  (global $used (mut i32) (i32.const 0))
  (func $add (param $text i32) (param $length i32)
    (local $room i32)
    (local.set $room (i32.sub (i32.const 4096) (global.get $used)))
    (if (i32.gt_u (local.get $length) (local.get $room))
      (then (local.set $length (local.get $room))))
    (memory.copy
      (i32.add (i32.const 4096) (global.get $used)) (local.get $text) (local.get $length))
    (global.set $used (i32.add (global.get $used) (local.get $length))))

  ;; Adds " name=value" for each entry of a list. An entry has four words.
  (func $add_entries (param $entry i32) (param $count i32)
    (block $end
      (loop $next
        (br_if $end (i32.eqz (local.get $count)))
        (call $add (i32.const 64) (i32.const 1))
        (call $add (i32.load (local.get $entry)) (i32.load offset=4 (local.get $entry)))
        (call $add (i32.const 72) (i32.const 1))
        (call $add (i32.load offset=8 (local.get $entry)) (i32.load offset=12 (local.get $entry)))
        (local.set $entry (i32.add (local.get $entry) (i32.const 16)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next))))

  ;; hook-call: hook 0, point 8, context (request-id 16, actor 24, …), values 64, metadata 72.
  (func (export "seaworthy:plugin/hooks@0.2.0#run") (param $call i32) (result i32)
    (call $add (i32.load offset=8 (local.get $call)) (i32.load offset=12 (local.get $call)))
    (call $add (i32.const 64) (i32.const 9))
    (call $add (i32.load offset=16 (local.get $call)) (i32.load offset=20 (local.get $call)))
    (if (i32.load8_u offset=24 (local.get $call))
      (then
        (call $add (i32.const 80) (i32.const 7))
        (call $add (i32.load offset=28 (local.get $call)) (i32.load offset=32 (local.get $call)))))
    (call $add_entries (i32.load offset=72 (local.get $call)) (i32.load offset=76 (local.get $call)))
    (call $write (i32.const 1) (i32.const 4096) (global.get $used))
    (i32.const 16))

  (func (export "seaworthy:plugin/events@0.2.0#handle")
    (param $handler i32) (param $handler_length i32)
    (param $id i32) (param $id_length i32) (param $kind i32) (param $kind_length i32)
    (param $source i32) (param $source_length i32) (param $time i32) (param $time_length i32)
    (param $data i32) (param $data_length i32) (param $metadata i32) (param $metadata_count i32)
    (result i32)
    (call $add (i32.const 96) (i32.const 6))
    (call $add (local.get $kind) (local.get $kind_length))
    (call $add (i32.const 112) (i32.const 4))
    (call $add (local.get $id) (local.get $id_length))
    (call $add (i32.const 128) (i32.const 8))
    (call $add (local.get $source) (local.get $source_length))
    (call $add (i32.const 144) (i32.const 6))
    (call $add (local.get $data) (local.get $data_length))
    (call $add_entries (local.get $metadata) (local.get $metadata_count))
    (call $write (i32.const 1) (i32.const 4096) (global.get $used))
    (i32.const 16)))
