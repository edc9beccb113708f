use seaworthy::{
    audit_log,
    data::{Migration, MigrationSet},
    operation_log, outbox,
};

/// The tables of courses, purchases, messages and logs.
pub(crate) const MIGRATIONS: &[MigrationSet] = &[
    outbox::MIGRATIONS,
    audit_log::MIGRATIONS,
    operation_log::MIGRATIONS,
    MigrationSet::of_service(&[
        Migration::new(
            1,
            "courses",
            include_str!("../../migrations/0001_courses.up.sql"),
            include_str!("../../migrations/0001_courses.down.sql"),
        ),
        Migration::new(
            2,
            "refunds",
            include_str!("../../migrations/0002_refunds.up.sql"),
            include_str!("../../migrations/0002_refunds.down.sql"),
        ),
        Migration::new(
            3,
            "exams",
            include_str!("../../migrations/0003_exams.up.sql"),
            include_str!("../../migrations/0003_exams.down.sql"),
        ),
        Migration::new(
            4,
            "projects",
            include_str!("../../migrations/0004_projects.up.sql"),
            include_str!("../../migrations/0004_projects.down.sql"),
        ),
        Migration::new(
            5,
            "student_names",
            include_str!("../../migrations/0005_student_names.up.sql"),
            include_str!("../../migrations/0005_student_names.down.sql"),
        ),
        Migration::new(
            6,
            "assignments",
            include_str!("../../migrations/0006_assignments.up.sql"),
            include_str!("../../migrations/0006_assignments.down.sql"),
        ),
        Migration::new(
            7,
            "uploads",
            include_str!("../../migrations/0007_uploads.up.sql"),
            include_str!("../../migrations/0007_uploads.down.sql"),
        ),
    ]),
];
