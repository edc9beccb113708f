//! The image of the service, assembled and run without a container engine.

use std::path::Path;

use seaworthy_testkit::server::image::PackagedService;

const STARTER: PackagedService<'_> = PackagedService {
    package: "starter",
    prefix: "STARTER",
    settings: &[
        ("DATA__DATABASE__URL", "sqlite:/tmp/starter.db"),
        ("DATA__DATABASE__MIGRATE_AT_START", "true"),
        ("AUTH__JWT_SECRET_KEY", "Kx3v9Qp2LmT7wZr5Yb8NcD4FgH6JsA1e"),
        ("KMS__SEED", "correct-horse-battery-staple-and-a-seed"),
        ("KMS__SALT", "0123456789abcdef"),
    ],
    listeners: &["SERVER__HTTP__ADDR", "SERVER__GRPC__ADDR", "HEALTH__ADDR"],
};

#[test]
fn image_serves_as_its_user_on_a_read_only_root_ship_1() {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("image");
    let program = Path::new(env!("CARGO_BIN_EXE_starter"));
    STARTER.assemble(program, &image).unwrap();
    STARTER.assert_serves(&image).unwrap();
}
