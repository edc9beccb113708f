//! Statements on the copies of courses and students.

use seaworthy::data::prelude::*;

use crate::domain::Place;

/// Stores a course. An older version changes nothing.
pub(crate) async fn store_course(
    tx: &Transaction,
    course: Uuid,
    version: i64,
    category: &str,
    is_published: bool,
) -> DataResult<()> {
    insert_or_ignore!("course_copies (course_id, version, category, is_published) VALUES ({course}, -1, '', {false})")
    .execute(tx)
    .await?;
    sql!("UPDATE course_copies SET version = {version}, category = {category}, is_published = {is_published} WHERE course_id = {course} AND version < {version}")
        .apply(tx)
        .await
}

/// Returns the category of a course. An unknown course has an empty one.
pub(crate) async fn category(connection: &dyn Connection, course: Uuid) -> DataResult<String> {
    let found: Option<String> =
        sql!("SELECT category FROM course_copies WHERE course_id = {course}")
            .fetch_optional(connection)
            .await?;
    Ok(found.unwrap_or_default())
}

/// Whether students can buy a course.
pub(crate) async fn is_published(connection: &dyn Connection, course: Uuid) -> DataResult<bool> {
    sql!("SELECT course_id FROM course_copies WHERE course_id = {course} AND is_published = {true}")
        .exists(connection)
        .await
}

/// Whether a course exists, also if it is not published.
pub(crate) async fn has_course(connection: &dyn Connection, course: Uuid) -> DataResult<bool> {
    sql!("SELECT course_id FROM course_copies WHERE course_id = {course}")
        .exists(connection)
        .await
}

/// Whether a student exists. A student with an allocation exists, also without a copy.
pub(crate) async fn has_student(connection: &dyn Connection, student: Uuid) -> DataResult<bool> {
    sql!("SELECT student_id FROM student_copies WHERE student_id = {student} UNION SELECT student_id FROM allocations WHERE student_id = {student}")
        .exists(connection)
        .await
}

/// Stores a student without a place, unless the student is stored.
pub(crate) async fn add_student(tx: &Transaction, student: Uuid) -> DataResult<()> {
    insert_or_ignore!("student_copies (student_id, version) VALUES ({student}, -1)")
        .apply(tx)
        .await
}

/// Stores the place of a student. An older version changes nothing.
pub(crate) async fn store_student(
    tx: &Transaction,
    student: Uuid,
    version: i64,
    place: Option<Place>,
) -> DataResult<()> {
    add_student(tx, student).await?;
    sql!("UPDATE student_copies SET version = {version}, latitude = {place.map(|place| place.latitude)}, longitude = {place.map(|place| place.longitude)} WHERE student_id = {student} AND version < {version}")
        .apply(tx)
        .await
}

/// Returns the place of a student's profile.
pub(crate) async fn place_of_student(
    connection: &dyn Connection,
    student: Uuid,
) -> DataResult<Option<Place>> {
    let found: Option<(Option<f64>, Option<f64>)> =
        sql!("SELECT latitude, longitude FROM student_copies WHERE student_id = {student}")
            .fetch_optional(connection)
            .await?;
    Ok(found.and_then(|(latitude, longitude)| Place::of(latitude, longitude)))
}
