;; Rejects requests from blocked addresses before their authentication, publishes an event for each of
;; them, and sets values for the hooks after it.
;;
;; The layout of records is that of the canonical ABI: a text or a list is its address and its
;; length, an option or a result begins with a byte that selects the case.
(module
  (import "seaworthy:plugin/configuration@0.3.0" "get"
    (func $get (param $name i32) (param $length i32) (param $result i32)))
  ;; The event: type, data and metadata. Each is an address and a length.
  (import "seaworthy:plugin/bus@0.3.0" "publish"
    (func $publish
      (param $kind i32) (param $kind_length i32) (param $data i32) (param $data_length i32)
      (param $metadata i32) (param $metadata_count i32) (param $result i32)))

  (memory (export "memory") 2)
  (data (i32.const 64) "blocked_addresses")
  (data (i32.const 96) "client_address")
  (data (i32.const 112) "before_auth")
  (data (i32.const 128) "this address is blocked")
  (data (i32.const 160) "address_checked")
  (data (i32.const 176) "enhanced_by")
  (data (i32.const 192) "true")
  (data (i32.const 208) "\22auth_enhancer\22")
  ;; ok, reject, 403, the reason.
  (data (i32.const 256) "\00\00\00\00\01\00\00\00\93\01\00\00\80\00\00\00\17\00\00\00")
  ;; ok, proceed, one entry: address_checked = true.
  (data (i32.const 288) "\00\00\00\00\00\00\00\00\40\01\00\00\01\00\00\00")
  (data (i32.const 320) "\a0\00\00\00\0f\00\00\00\c0\00\00\00\04\00\00\00")
  ;; ok, proceed, one entry: enhanced_by = "auth_enhancer".
  (data (i32.const 352) "\00\00\00\00\00\00\00\00\80\01\00\00\01\00\00\00")
  (data (i32.const 384) "\b0\00\00\00\0b\00\00\00\d0\00\00\00\0f\00\00\00")

  ;; The event, and the start of its data. The address follows at 524.
  (data (i32.const 416) "address.blocked")
  (data (i32.const 512) "{\22address\22:\22")

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
  (func (export "seaworthy:plugin/lifecycle@0.3.0#initialize") (param i32 i32) (result i32)
    (i32.const 16))
  (func (export "seaworthy:plugin/lifecycle@0.3.0#start") (result i32) (i32.const 16))
  (func (export "seaworthy:plugin/lifecycle@0.3.0#stop") (result i32) (i32.const 16))
  (func (export "seaworthy:plugin/lifecycle@0.3.0#cleanup") (result i32) (i32.const 16))
  (func (export "seaworthy:plugin/lifecycle@0.3.0#health-check") (result i32) (i32.const 16))

  ;; Whether two texts are equal.
  (func $equal (param $one i32) (param $length i32) (param $other i32) (param $other_length i32)
    (result i32)
    (if (i32.ne (local.get $length) (local.get $other_length)) (then (return (i32.const 0))))
    (block $end
      (loop $next
        (br_if $end (i32.eqz (local.get $length)))
        (local.set $length (i32.sub (local.get $length) (i32.const 1)))
        (if
          (i32.ne
            (i32.load8_u (i32.add (local.get $one) (local.get $length)))
            (i32.load8_u (i32.add (local.get $other) (local.get $length))))
          (then (return (i32.const 0))))
        (br $next)))
    (i32.const 1))

  ;; Whether a text is a part of a list whose parts are separated by other characters than those of
  ;; addresses.
  (func $has (param $list i32) (param $length i32) (param $text i32) (param $text_length i32)
    (result i32)
    (local $place i32) (local $begin i32)
    (block $end
      (loop $next
        (br_if $end (i32.gt_u (local.get $place) (local.get $length)))
        (if
          (i32.or
            (i32.eq (local.get $place) (local.get $length))
            (i32.eqz (call $is_address (i32.load8_u (i32.add (local.get $list) (local.get $place))))))
          (then
            (if
              (call $equal
                (i32.add (local.get $list) (local.get $begin))
                (i32.sub (local.get $place) (local.get $begin))
                (local.get $text) (local.get $text_length))
              (then (return (i32.const 1))))
            (local.set $begin (i32.add (local.get $place) (i32.const 1)))))
        (local.set $place (i32.add (local.get $place) (i32.const 1)))
        (br $next)))
    (i32.const 0))

  ;; 0-9, a-f, '.' and ':'.
  (func $is_address (param $byte i32) (result i32)
    (i32.or
      (i32.or
        (i32.lt_u (i32.sub (local.get $byte) (i32.const 48)) (i32.const 11))
        (i32.lt_u (i32.sub (local.get $byte) (i32.const 97)) (i32.const 6)))
      (i32.eq (local.get $byte) (i32.const 46))))

  ;; Publishes that an address is blocked. The result at 448 is ignored, because the request is rejected
  ;; also if the service does not accept the event.
  (func $report (param $address i32) (param $length i32)
    (local $end i32)
    (local.set $end (i32.add (i32.const 524) (local.get $length)))
    (memory.copy (i32.const 524) (local.get $address) (local.get $length))
    ;; "}
    (i32.store16 (local.get $end) (i32.const 0x7d22))
    (call $publish
      (i32.const 416) (i32.const 15)
      (i32.const 512) (i32.add (local.get $length) (i32.const 14))
      (i32.const 0) (i32.const 0) (i32.const 448)))

  ;; Whether the metadata name an address that the settings block. Reports the address.
  (func $is_blocked (param $entry i32) (param $count i32) (result i32)
    ;; option<string> at 32.
    (call $get (i32.const 64) (i32.const 17) (i32.const 32))
    (if (i32.eqz (i32.load8_u (i32.const 32))) (then (return (i32.const 0))))
    (block $end
      (loop $next
        (br_if $end (i32.eqz (local.get $count)))
        (if
          (i32.and
            (call $equal
              (i32.load (local.get $entry)) (i32.load offset=4 (local.get $entry))
              (i32.const 96) (i32.const 14))
            (call $has
              (i32.load (i32.const 36)) (i32.load (i32.const 40))
              (i32.load offset=8 (local.get $entry)) (i32.load offset=12 (local.get $entry))))
          (then
            (call $report (i32.load offset=8 (local.get $entry)) (i32.load offset=12 (local.get $entry)))
            (return (i32.const 1))))
        (local.set $entry (i32.add (local.get $entry) (i32.const 16)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next)))
    (i32.const 0))

  ;; hook-call: hook 0, point 8, context 16, values 64, metadata 72.
  (func (export "seaworthy:plugin/hooks@0.3.0#run") (param $call i32) (result i32)
    (if
      (i32.eqz
        (call $equal
          (i32.load offset=8 (local.get $call)) (i32.load offset=12 (local.get $call))
          (i32.const 112) (i32.const 11)))
      (then (return (i32.const 352))))
    (if (call $is_blocked (i32.load offset=72 (local.get $call)) (i32.load offset=76 (local.get $call)))
      (then (return (i32.const 256))))
    (i32.const 288)))
