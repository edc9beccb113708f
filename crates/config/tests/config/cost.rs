//! CONF-1: the cost of a schema, which every start pays, does not depend on the speed of the
//! machine.

use seaworthy_config::Schema;

use crate::settings::{Framework, Hello, schema};

/// Allocations of a schema before its first use: only the list of types.
const MAX_UNUSED: u64 = 4;
/// Allocations of a clone. Loaded settings and their watcher keep one each.
const MAX_CLONE: u64 = 1;
/// Allocations of the compilation of the settings of these tests.
const MAX_COMPILATION: u64 = 1_700;

#[test]
fn schema_is_compiled_once_at_its_first_use_conf_1() {
    let mut schema = None;
    let unused = allocation_counter::measure(|| {
        schema = Some(Schema::from_settings::<Framework>().with::<Hello>());
    });
    assert!(unused.count_total <= MAX_UNUSED, "{unused:?}");
    let compilation = allocation_counter::measure(|| {
        schema = schema
            .take()
            .map(|schema| schema.with_variable("ADDRESS", "server.http.addr"));
    });
    assert!(
        compilation.count_total <= MAX_COMPILATION,
        "{compilation:?}"
    );
}

#[test]
fn clones_of_a_schema_share_their_memory_conf_1() {
    let schema = schema().with_variable("ADDRESS", "server.http.addr");
    let mut clone = None;
    let counted = allocation_counter::measure(|| clone = Some(schema.clone()));
    assert!(counted.count_total <= MAX_CLONE, "{counted:?}");
    assert_eq!(clone.map(|clone| clone.to_json()), Some(schema.to_json()));
}
