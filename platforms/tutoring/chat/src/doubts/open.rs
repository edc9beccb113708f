use seaworthy::{core::new_id, data::prelude::*, prelude::*};

use super::{question_context, view::DoubtView};
use crate::{
    chat::Chats,
    domain::{DoubtRequest, DoubtStatus, Participant},
    store::{StoredDoubt, allocations, doubts, people},
};

impl Chats {
    /// Stores a question of a student, for the allocated trainer if there is one.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, also for contact data.
    pub(crate) async fn open_doubt(
        &self,
        student: Participant,
        request: DoubtRequest,
    ) -> Result<DoubtView, Error> {
        let request = request.checked(self.allow_contact_data)?;
        let attachments = self
            .check_attachments(student.id, &request.attachments)
            .await?;
        let id = new_id();
        // The keys are read before the transaction, which holds a connection and a lock.
        let context = question_context(id);
        let question = self.sealer.seal(&request.question, &context).await?;
        let (request, question, attachments) = (&request, &question, &attachments);
        let write = |tx: Transaction| async move {
            // A concurrent allocation waits for this lock, and then assigns the doubt.
            people::lock(&tx, (student.id, student.role)).await?;
            let course = request.course_id;
            let trainer = allocations::trainer_of(&tx, student.id, course).await?;
            let now = Utc::now();
            let doubt = StoredDoubt {
                id,
                student_id: student.id,
                trainer_id: trainer,
                course_id: course,
                subject: request.subject.clone(),
                topic: request.topic.clone(),
                kind: request.r#type,
                question: question.clone(),
                attachments: attachments.clone(),
                status: DoubtStatus::Pending,
                created_at: now,
                updated_at: now,
            };
            doubts::insert(&tx, &doubt).await?;
            if let Some(trainer) = trainer {
                self.notify_trainer(&tx, trainer, id).await?;
            }
            Ok::<_, Error>(())
        };
        self.backend.database.transaction(write).await?;
        self.doubt(student, id).await
    }

    /// Assigns the doubts of a student that have no trainer, after an allocation.
    pub(crate) async fn assign_doubts(
        &self,
        tx: &Transaction,
        (student, course): (Uuid, Uuid),
        trainer: Uuid,
    ) -> Result<(), Error> {
        loop {
            let doubts = doubts::unassigned(tx, student, course).await?;
            if doubts.is_empty() {
                return Ok(());
            }
            for doubt in doubts {
                doubts::set_trainer(tx, doubt, trainer).await?;
                self.notify_trainer(tx, trainer, doubt).await?;
            }
        }
    }
}
