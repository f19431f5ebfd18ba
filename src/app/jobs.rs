//! Work that must not stop the window: one slot for each kind of work. The newest request wins, an
//! older one is told to stop and its answer is dropped, and a finished one asks for a frame.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

/// Set when nobody wants the answer any more; long loops look at it.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Whether to stop.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Where work runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workers {
    /// At once, on the calling thread: for tests.
    Inline,
    /// On a thread for each slot.
    Threads,
    /// Never done: for tests that the window waits for nothing.
    Never,
}

type Work = Box<dyn FnOnce() + Send>;

/// What waits for a slot's thread, and whether there is one.
#[derive(Default)]
struct Queue {
    next: Option<Work>,
    running: bool,
}

/// One kind of work.
pub struct Slot<T> {
    workers: Workers,
    context: egui::Context,
    generation: u64,
    cancel: Cancel,
    waiting: bool,
    queue: Arc<Mutex<Queue>>,
    sender: Sender<(u64, T)>,
    receiver: Receiver<(u64, T)>,
}

impl<T: Send + 'static> Slot<T> {
    /// An idle slot, which asks `context` for a frame when something is finished.
    pub fn new(workers: Workers, context: &egui::Context) -> Self {
        let (sender, receiver) = channel();
        Self {
            workers,
            context: context.clone(),
            generation: 0,
            cancel: Cancel::default(),
            waiting: false,
            queue: Arc::default(),
            sender,
            receiver,
        }
    }

    /// Starts work in place of whatever the slot was doing.
    pub fn start(&mut self, work: impl FnOnce(&Cancel) -> T + Send + 'static) {
        self.cancel.set();
        self.cancel = Cancel::default();
        self.generation += 1;
        self.waiting = true;
        let (generation, cancel) = (self.generation, self.cancel.clone());
        let (sender, context) = (self.sender.clone(), self.context.clone());
        let work: Work = Box::new(move || {
            if !cancel.is_set() {
                let _ = sender.send((generation, work(&cancel)));
                context.request_repaint();
            }
        });
        match self.workers {
            Workers::Inline => work(),
            Workers::Threads => self.enqueue(work),
            Workers::Never => drop(work),
        }
    }

    /// Stops: whatever is under way is dropped.
    pub fn stop(&mut self) {
        self.cancel.set();
        self.generation += 1;
        self.waiting = false;
    }

    /// Whether an answer is still to come.
    pub fn busy(&self) -> bool {
        self.waiting
    }

    /// The answer to the newest request, once.
    pub fn take(&mut self) -> Option<T> {
        let newest = self
            .receiver
            .try_iter()
            .filter(|(generation, _)| *generation == self.generation)
            .last()
            .map(|(_, answer)| answer);
        if newest.is_some() {
            self.waiting = false;
        }
        newest
    }

    /// Hands work to the slot's thread; at most one piece waits, the newest.
    fn enqueue(&self, work: Work) {
        let mut queue = lock(&self.queue);
        queue.next = Some(work);
        if queue.running {
            return;
        }
        queue.running = true;
        let shared = Arc::clone(&self.queue);
        std::thread::spawn(move || {
            while let Some(work) = next(&shared) {
                // A panic in a worker costs that answer, not the window.
                let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            }
        });
    }
}

impl<T> Drop for Slot<T> {
    fn drop(&mut self) {
        self.cancel.set();
    }
}

/// An answer that is made again by a worker whenever what it is for changes; until then the last one stays.
pub struct Kept<K, T> {
    slot: Option<Slot<(K, T)>>,
    asked: Option<K>,
    answer: Option<(K, T)>,
}

impl<K, T> Default for Kept<K, T> {
    fn default() -> Self {
        Self {
            slot: None,
            asked: None,
            answer: None,
        }
    }
}

impl<K: Clone + PartialEq + Send + 'static, T: Send + 'static> Kept<K, T> {
    /// Starts the work if it was not asked for this yet; says whether a new answer is there.
    pub fn keep(
        &mut self,
        key: K,
        (workers, context): (Workers, &egui::Context),
        work: impl FnOnce(&Cancel) -> T + Send + 'static,
    ) -> bool {
        let slot = self.slot.get_or_insert_with(|| Slot::new(workers, context));
        if self.asked.as_ref() != Some(&key) {
            self.asked = Some(key.clone());
            slot.start(move |cancel| (key, work(cancel)));
        }
        let newest = slot.take();
        let fresh = newest.is_some();
        self.answer = newest.or(self.answer.take());
        fresh
    }

    /// The newest answer, and what it is for.
    pub fn answer(&self) -> Option<&(K, T)> {
        self.answer.as_ref()
    }

    /// What was asked for last.
    pub fn asked(&self) -> Option<&K> {
        self.asked.as_ref()
    }

    /// Whether an answer is under way.
    pub fn busy(&self) -> bool {
        self.slot.as_ref().is_some_and(Slot::busy)
    }

    /// Forgets everything.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

fn next(queue: &Mutex<Queue>) -> Option<Work> {
    let mut queue = lock(queue);
    let next = queue.next.take();
    queue.running = next.is_some();
    next
}

fn lock(queue: &Mutex<Queue>) -> std::sync::MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn inline_work_is_there_at_once() {
        let mut slot = Slot::new(Workers::Inline, &egui::Context::default());
        slot.start(|_| 1);
        slot.start(|_| 2);
        assert_eq!(slot.take(), Some(2));
        assert_eq!(slot.take(), None);
        assert!(!slot.busy());
    }

    #[test]
    fn the_newest_request_wins_and_older_work_is_told_to_stop() {
        let mut slot = Slot::new(Workers::Threads, &egui::Context::default());
        let (sender, stopped) = channel();
        let (began, beginning) = channel();
        slot.start(move |cancel| {
            let _ = began.send(());
            while !cancel.is_set() {
                std::thread::sleep(Duration::from_millis(1));
            }
            let _ = sender.send(());
            0
        });
        let patience = Duration::from_secs(10);
        beginning.recv_timeout(patience).expect("it begins");
        slot.start(|_| 1);
        slot.start(|_| 2);
        stopped
            .recv_timeout(patience)
            .expect("the first piece of work is told to stop");
        let mut answer = None;
        for _ in 0..10_000 {
            answer = slot.take();
            if answer.is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(answer, Some(2));
    }
}
