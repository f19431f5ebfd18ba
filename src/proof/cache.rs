//! What was planned, written and read last, so that the next document costs what is different in it.

use crate::load::imported::Lowered;
use crate::model::Document;
use crate::plan::{Planned, plan_with};
use crate::policy::Imported;
use crate::proof::generated::{self, Generated, Texts};
use crate::proof::in_force::{InForce, ReadBack};

/// What the last document was planned, written and read as, by content.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    imported: Lowered,
    planned: Planned,
    texts: Texts,
    read_back: ReadBack,
}

impl Cache {
    /// The imported policies, lowered.
    pub(crate) fn imported(&mut self, document: &Document) -> Vec<Imported> {
        self.imported.imported(document)
    }

    /// The same, and the written ones.
    pub(crate) fn write(&mut self, document: &Document) -> (Vec<Imported>, Generated) {
        let imported = self.imported(document);
        let plan = plan_with(&mut self.planned, document, &imported);
        let generated = generated::write_with(&mut self.texts, document, &imported, plan);
        (imported, generated)
    }

    /// What [`Cache::write`] returned for the document, read back.
    pub(crate) fn in_force(
        &mut self,
        document: &Document,
        imported: &[Imported],
        generated: &Generated,
    ) -> InForce {
        let surroundings = &self.imported.surroundings;
        InForce::of_with(
            &mut self.read_back,
            document,
            surroundings,
            imported,
            generated,
        )
    }

    /// How many policies the last document had to write.
    pub(crate) fn written(&self) -> usize {
        self.texts.written
    }

    /// How many texts the last document had to read.
    pub(crate) fn read(&self) -> usize {
        self.imported.read + self.read_back.read
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::Fixture;

    #[test]
    fn flows_with_other_ids_are_written_and_not_read_again() {
        let mut fixture = Fixture::new();
        fixture.workload("shop/web", "app=web");
        fixture.workload("shop/db", "app=db");
        let first = fixture.flow("shop/web", "shop/db", "TCP/80");
        let mut document = fixture.document;
        let mut cache = Cache::default();
        let mut read = |document: &Document| {
            let (imported, generated) = cache.write(document);
            let in_force = cache.in_force(document, &imported, &generated);
            assert_eq!(
                in_force.policies(),
                InForce::read(document, &generated).policies()
            );
            (cache.written(), cache.read())
        };
        let (written, all) = read(&document);
        assert_eq!(written, all);
        let flow = document.flows.remove(first).expect("it is there");
        document.flows.add((*flow).clone());
        assert_eq!(read(&document), (2, 0));
    }
}
