//! Guests as WebAssembly text.

/// The functions that every plugin exports.
pub(crate) const COMMON: &str = r#"
  (memory (export "memory") 1)
  (global $free (mut i32) (i32.const 8192))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local i32)
    (local.set 4 (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get 4) (local.get 3)))
    (local.get 4))
  (func (export "seaworthy:plugin/lifecycle@0.2.0#initialize") (param i32 i32) (result i32) (i32.const 16))
  (func (export "seaworthy:plugin/lifecycle@0.2.0#start") (result i32) (i32.const 16))
  (func (export "seaworthy:plugin/lifecycle@0.2.0#stop") (result i32) (i32.const 16))
  (func (export "seaworthy:plugin/lifecycle@0.2.0#cleanup") (result i32) (i32.const 16))
  (func (export "seaworthy:plugin/lifecycle@0.2.0#health-check") (result i32) (i32.const 16))"#;
/// The memory of [`COMMON`].
pub(crate) const MEMORY: &str = r#"(memory (export "memory") 1)"#;
/// The memory that compilers of Rust allocate by default: a stack of 1 MiB, and data.
pub(crate) const LARGE_MEMORY: &str = r#"(memory (export "memory") 17)"#;
pub(crate) const EMPTY: &str =
    r#"(func (export "seaworthy:plugin/hooks@0.2.0#run") (param i32) (result i32) (i32.const 16))"#;
/// Sets `version` to the digit at 82.
pub(crate) const VERSION: &str = r#"
  (data (i32.const 64) "version")
  (data (i32.const 80) "\221\22")
  (data (i32.const 96) "\00\00\00\00\00\00\00\00\80\00\00\00\01\00\00\00")
  (data (i32.const 128) "\40\00\00\00\07\00\00\00\50\00\00\00\03\00\00\00")
  (func (export "seaworthy:plugin/hooks@0.2.0#run") (param i32) (result i32) (i32.const 96))"#;
pub(crate) const LOOP: &str = r#"(func (export "seaworthy:plugin/hooks@0.2.0#run") (param i32) (result i32) (loop $l (br $l)) unreachable)"#;
/// Fills 64 KiB repeatedly.
pub(crate) const FILL: &str = r#"(func (export "seaworthy:plugin/hooks@0.2.0#run") (param i32) (result i32) (loop $l (memory.fill (i32.const 8192) (i32.const 0) (i32.const 57344)) (br $l)) unreachable)"#;
/// Grows to the limit of 50 MiB, and fills all of it repeatedly.
pub(crate) const FILL_ALL: &str = r#"(func (export "seaworthy:plugin/hooks@0.2.0#run") (param i32) (result i32)
  (drop (memory.grow (i32.const 799)))
  (loop $l (memory.fill (i32.const 8192) (i32.const 1) (i32.const 52420608)) (br $l)) unreachable)"#;
/// Grows to the limit of 50 MiB, and copies all of it repeatedly.
pub(crate) const COPY_ALL: &str = r#"(func (export "seaworthy:plugin/hooks@0.2.0#run") (param i32) (result i32)
  (drop (memory.grow (i32.const 799)))
  (loop $l (memory.copy (i32.const 8192) (i32.const 73728) (i32.const 52355072)) (br $l)) unreachable)"#;
/// Grows to the limit of 50 MiB, writes to each page, and grows further.
pub(crate) const BOMB: &str = r#"(func (export "seaworthy:plugin/hooks@0.2.0#run") (param i32) (result i32)
  (drop (memory.grow (i32.const 799)))
  (memory.fill (i32.const 8192) (i32.const 1) (i32.const 52420608))
  (loop $l (drop (memory.grow (i32.const 16))) (br $l)) unreachable)"#;
pub(crate) const TABLES: &str = r#"(table $t 1 funcref)
  (func (export "seaworthy:plugin/hooks@0.2.0#run") (param i32) (result i32)
    (loop $l (drop (table.grow $t (ref.null func) (i32.const 1000))) (br $l)) unreachable)"#;
pub(crate) const RECURSION: &str = r#"(func $deep (param i32) (result i32)
    (i32.add (i32.const 1) (call $deep (i32.add (local.get 0) (i32.const 1)))))
  (func (export "seaworthy:plugin/hooks@0.2.0#run") (param i32) (result i32) (call $deep (i32.const 0)))"#;
pub(crate) const ALLOW: &str = r#"(func (export "seaworthy:plugin/policy@0.2.0#decide") (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32) (i32.const 16))"#;

/// Returns a guest that requests a URL. It needs the capability `http`.
pub(crate) fn stalled(url: &str) -> String {
    format!(
        r#"(import "seaworthy:plugin/http@0.2.0" "send" (func $send (param {})))
        (func (export "seaworthy:plugin/hooks@0.2.0#run") (param i32) (result i32)
          (call $send (i32.const 64) (i32.const 3) (i32.const 128) (i32.const {})
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 256))
          (i32.const 16))
        (data (i32.const 64) "GET") (data (i32.const 128) "{url}")"#,
        "i32 ".repeat(9),
        url.len()
    )
}
