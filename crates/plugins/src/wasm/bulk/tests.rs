use wasmtime::{
    Config, Engine, Instance, Memory, Module, Store, Trap, UpdateDeadline,
    component::{Component, Linker},
};

use super::{MAX_PART, module};
use crate::wasm::component_size::ComponentSize;

/// The functions that a component may get.
const MAX_ADDED: usize = 50_000;
/// The memory of the guests in bytes: five parts and a quarter.
const MEMORY: u32 = 21 * 65536;
/// The data segment of the guest in bytes: three parts and a half.
const DATA: u32 = 23 * 40_000;
/// Lengths around the size of a part.
const LENGTHS: [u32; 7] = [
    0,
    1,
    MAX_PART - 1,
    MAX_PART,
    MAX_PART + 1,
    2 * MAX_PART,
    3 * MAX_PART + 7,
];
/// A component whose second module imports the memory and functions of the first one.
const TWO_MODULES: &str = r#"(component
    (core module $first
      (memory (export "memory") 21)
      (func (export "nothing"))
      (func (export "fill") (param i32 i32 i32)
        (memory.fill (local.get 0) (local.get 1) (local.get 2))))
    (core module $second
      (type $unused (func (result i64)))
      (import "first" "nothing" (func $nothing))
      (import "first" "memory" (memory 21))
      (import "first" "fill" (func $fill (param i32 i32 i32)))
      (table 1 funcref)
      (elem (i32.const 0) $copy)
      (func $copy (param i32 i32 i32)
        (memory.copy (local.get 0) (local.get 1) (local.get 2)))
      (func (export "run") (result i32)
        (call $nothing)
        (call $fill (i32.const 0) (i32.const 7) (i32.const 700000))
        (call_indirect (param i32 i32 i32)
          (i32.const 650000) (i32.const 100) (i32.const 700000) (i32.const 0))
        ;; The last byte that the function filled, and the next one.
        (i32.add
          (i32.mul (i32.load8_u (i32.const 1349899)) (i32.const 10))
          (i32.load8_u (i32.const 1349900)))))
    (core instance $a (instantiate $first))
    (core instance $b (instantiate $second (with "first" (instance $a))))
    (func (export "run") (result u32) (canon lift (core func $b "run"))))"#;

/// Returns an engine with the settings that these tests need.
fn split(component: &[u8]) -> Result<Option<Vec<u8>>, String> {
    super::split(component, &mut { MAX_ADDED })
}

fn split_module(module: &[u8]) -> Result<Option<Vec<u8>>, String> {
    module::split(module, &mut { MAX_ADDED })
}

fn engine() -> Engine {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .concurrency_support(false)
        .epoch_interruption(true);
    Engine::new(&config).unwrap()
}

/// Returns a store that counts the checks of the deadline.
fn counting_store(engine: &Engine) -> Store<usize> {
    let mut store = Store::new(engine, 0);
    store.set_epoch_deadline(0);
    store.epoch_deadline_callback(|mut store| {
        *store.data_mut() += 1;
        Ok(UpdateDeadline::Continue(0))
    });
    store
}

/// Returns a module with each bulk memory instruction in a function with its parameters.
fn instructions() -> Vec<u8> {
    let data = "abcdefghijklmnopqrstuvw".repeat(40_000);
    let text = format!(
        r#"(module
        (memory (export "memory") 21)
        (data $empty "")
        (data $data "{data}")
        (func (export "copy") (param i32 i32 i32)
          (memory.copy (local.get 0) (local.get 1) (local.get 2)))
        (func (export "fill") (param i32 i32 i32)
          (memory.fill (local.get 0) (local.get 1) (local.get 2)))
        (func (export "init") (param i32 i32 i32)
          (memory.init $data (local.get 0) (local.get 1) (local.get 2)))
        (func (export "drop") (param i32 i32 i32) (data.drop $data)))"#
    );
    wat::parse_str(text).unwrap()
}

/// An instance of [`instructions`].
struct Guest {
    store: Store<usize>,
    instance: Instance,
    memory: Memory,
}

impl Guest {
    fn new(engine: &Engine, module: &[u8]) -> Self {
        let module = Module::new(engine, module).unwrap();
        let mut store = counting_store(engine);
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        Self {
            store,
            instance,
            memory,
        }
    }

    fn call(&mut self, name: &str, [to, from, length]: [u32; 3]) -> Result<(), Trap> {
        let function = self
            .instance
            .get_typed_func::<(u32, u32, u32), ()>(&mut self.store, name)
            .unwrap();
        function
            .call(&mut self.store, (to, from, length))
            .map_err(|error| *error.downcast_ref::<Trap>().unwrap())
    }

    fn bytes(&self) -> &[u8] {
        self.memory.data(&self.store)
    }
}

/// A guest and the same one after [`module::split`].
struct Guests {
    original: Guest,
    changed: Guest,
    pattern: Vec<u8>,
}

impl Guests {
    fn new() -> Self {
        let module = instructions();
        let changed = split_module(&module).unwrap().unwrap();
        let engine = engine();
        let pattern = (0..MEMORY).map(|address| u8::try_from(address % 251).unwrap());
        Self {
            original: Guest::new(&engine, &module),
            changed: Guest::new(&engine, &changed),
            pattern: pattern.collect(),
        }
    }

    /// Asserts that a call has the same effect in both guests, and whether it traps.
    fn assert_same(&mut self, name: &str, parameters: [u32; 3], expected: Result<(), Trap>) {
        for guest in [&mut self.original, &mut self.changed] {
            let memory = guest.memory.data_mut(&mut guest.store);
            memory.copy_from_slice(&self.pattern);
            assert_eq!(
                guest.call(name, parameters),
                expected,
                "{name} {parameters:?}"
            );
        }
        let is_same = self.original.bytes() == self.changed.bytes();
        assert!(is_same, "{name} {parameters:?}");
        let is_unchanged = self.changed.bytes() == self.pattern;
        assert!(expected.is_ok() || is_unchanged, "{name} {parameters:?}");
    }

    fn assert_all_same(&mut self, name: &str, all: &[[u32; 3]], expected: Result<(), Trap>) {
        for parameters in all {
            self.assert_same(name, *parameters, expected);
        }
    }
}

#[test]
fn split_copies_have_the_same_result_plug_2() {
    let mut guests = Guests::new();
    let distances = [0, 1, 5_000, MAX_PART - 1, MAX_PART, MAX_PART + 1];
    for distance in distances {
        for length in LENGTHS {
            guests.assert_same("copy", [distance, 0, length], Ok(()));
            guests.assert_same("copy", [0, distance, length], Ok(()));
        }
    }
    let half = MEMORY / 2;
    guests.assert_all_same("copy", &[[half, 0, half], [0, half, half]], Ok(()));
    guests.assert_all_same("copy", &[[MEMORY, 0, 0], [0, MEMORY, 0]], Ok(()));
}

#[test]
fn split_fills_have_the_same_result_plug_2() {
    let mut guests = Guests::new();
    for length in LENGTHS {
        // Only the last byte of the value counts.
        guests.assert_same("fill", [0, 7, length], Ok(()));
        guests.assert_same("fill", [9, 0x1ff, length], Ok(()));
        guests.assert_same("fill", [MEMORY - length, u32::MAX, length], Ok(()));
    }
}

#[test]
fn split_initializations_have_the_same_result_plug_2() {
    let mut guests = Guests::new();
    for length in LENGTHS {
        guests.assert_same("init", [0, 5_000, length], Ok(()));
        guests.assert_same("init", [MEMORY - length, DATA - length, length], Ok(()));
    }
}

#[test]
fn split_instructions_out_of_bounds_change_nothing_plug_2() {
    let mut guests = Guests::new();
    let outside = Err(Trap::MemoryOutOfBounds);
    let two = 2 * MAX_PART;
    let targets = [
        [MEMORY + 1, 0, 0],
        [MEMORY, 0, 1],
        [MEMORY - two + 1, 0, two],
        [u32::MAX, 0, MAX_PART + 1],
        [0, 0, u32::MAX],
        [u32::MAX, 0, u32::MAX],
    ];
    for name in ["copy", "fill", "init"] {
        guests.assert_all_same(name, &targets, outside);
    }
    for (name, size) in [("copy", MEMORY), ("init", DATA)] {
        let sources = [
            [0, size + 1, 0],
            [0, size, 1],
            [0, size - two + 1, two],
            [0, u32::MAX, MAX_PART + 1],
            [0, u32::MAX - MAX_PART, MAX_PART + 1],
            [u32::MAX, u32::MAX, u32::MAX],
        ];
        guests.assert_all_same(name, &sources, outside);
    }
}

#[test]
fn split_initialization_from_dropped_data_traps_plug_2() {
    let mut guests = Guests::new();
    guests.assert_same("drop", [0; 3], Ok(()));
    guests.assert_same("init", [0; 3], Ok(()));
    let outside = [
        [0, 0, 1],
        [0, 1, 0],
        [0, 0, MAX_PART + 1],
        [0, 5, 3 * MAX_PART],
    ];
    guests.assert_all_same("init", &outside, Err(Trap::MemoryOutOfBounds));
}

#[test]
fn deadline_is_checked_between_parts_plug_2() {
    let changed = split_module(&instructions()).unwrap().unwrap();
    for (name, length) in [("copy", MEMORY), ("fill", MEMORY), ("init", DATA)] {
        let mut guest = Guest::new(&engine(), &changed);
        guest.call(name, [0, 0, length]).unwrap();
        let parts = usize::try_from(length.div_ceil(MAX_PART)).unwrap();
        assert!(*guest.store.data() >= parts, "{name}");
    }
}

#[test]
fn module_without_long_instructions_is_unchanged_plug_2() {
    let is_changed = |body: &str| {
        let text = format!("(module (memory 1) (func (param i32) {body}))");
        let changed = split_module(&wat::parse_str(text).unwrap());
        changed.unwrap().is_some()
    };
    let fill = |length: &str| {
        is_changed(&format!(
            "(memory.fill (i32.const 0) (i32.const 0) {length})"
        ))
    };
    assert!(!is_changed("(drop (memory.grow (i32.const 1)))"));
    assert!(!fill("(i32.const 0)"));
    assert!(!fill(&format!("(i32.const {MAX_PART})")));
    assert!(fill(&format!("(i32.const {})", MAX_PART + 1)));
    assert!(fill("(i32.const -1)"));
    assert!(fill("(local.get 0)"));
    // A branch can also end at the instruction.
    let branch = "(block (result i32) (br_if 0 (local.get 0) (i32.const 1)) (drop) (i32.const 1))";
    assert!(fill(branch));
    let empty = wat::parse_str("(module)").unwrap();
    assert_eq!(split_module(&empty), Ok(None));
}

#[test]
fn modules_that_share_a_memory_are_split_plug_2() {
    let original = wat::parse_str(TWO_MODULES).unwrap();
    let changed = split(&original).unwrap().unwrap();
    let engine = engine();
    let run = |component: &[u8]| {
        let component = Component::from_binary(&engine, component).unwrap();
        let mut store = counting_store(&engine);
        let instance = Linker::new(&engine)
            .instantiate(&mut store, &component)
            .unwrap();
        let function = instance.get_typed_func::<(), (u32,)>(&mut store, "run");
        let (result,) = function.unwrap().call(&mut store, ()).unwrap();
        assert_eq!(result, 70);
        *store.data()
    };
    // Both instructions have two more parts.
    assert!(run(&changed) >= run(&original) + 4);
}

#[test]
fn module_in_nested_component_is_split_plug_2() {
    let text = "(component (component (component (core module (memory 1)
        (func (param i32) (memory.fill (i32.const 0) (i32.const 0) (local.get 0)))))))";
    let component = wat::parse_str(text).unwrap();
    let changed = split(&component).unwrap().unwrap();
    assert_eq!(ComponentSize::of(&component).functions, 1);
    assert_eq!(ComponentSize::of(&changed).functions, 2);
}

#[test]
fn invalid_components_are_not_split_plug_2() {
    let component = wat::parse_str(TWO_MODULES).unwrap();
    for end in 0..component.len() {
        // The start of a component can be one, too.
        let _ = split(&component[..end]);
    }
    assert!(split(&component[..component.len() - 1]).is_err());
    let position = component
        .windows(3)
        .position(|bytes| bytes == [0xfc, 0x0b, 0]);
    let mut invalid = component.clone();
    invalid[position.unwrap()] = 0xff;
    assert!(split(&invalid).is_err());
    let module = split(&instructions()).unwrap_err();
    assert_eq!(module, "create one from your module with `plugins pack`");
}

#[test]
fn added_functions_of_all_modules_are_limited_plug_2() {
    let inits: String = (0..30_000)
        .map(|segment| format!("(memory.init {segment} (i32.const 0) (i32.const 0) (local.get 0))"))
        .collect();
    let module = format!("(core module (memory 1) (func (param i32) {inits}))");
    let component = wat::parse_str(format!("(component {module} {module})")).unwrap();
    let problem = "its memory.init instructions use too many data segments";
    assert_eq!(split(&component).unwrap_err(), problem);
}
