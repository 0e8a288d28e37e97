#include "master/children.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

const char *
child_kind_name(enum child_kind kind)
{
	static const char *const names[CHILD__MAX] = {
		[CHILD_FAST] = "fast worker",
		[CHILD_HASH] = "hash worker",
		[CHILD_QUEUE] = "queue",
		[CHILD_SENDER] = "sender",
	};

	return names[kind];
}

enum rc
children_reserve(struct children *children, size_t n)
{
	struct child *list;
	size_t cap = children->n + n;

	if (cap > CHILDREN_MAX)
		return RC_LIMIT;
	if (cap <= children->cap)
		return RC_OK;
	if ((list = realloc(children->list, cap * sizeof(*list))) == NULL)
		return RC_SYSTEM;
	children->list = list;
	children->cap = cap;
	return RC_OK;
}

void
children_add(struct children *children, const struct child *child)
{
	children->list[children->n++] = *child;
}

struct child *
children_find(struct children *children, pid_t pid)
{
	for (size_t i = 0; i < children->n; i++)
		if (children->list[i].pid == pid)
			return &children->list[i];
	return NULL;
}

void
children_remove(struct children *children, struct child *child)
{
	size_t i = (size_t)(child - children->list);

	if (child->socket_fd >= 0)
		(void)close(child->socket_fd);
	children->n--;
	memmove(child, child + 1, (children->n - i) * sizeof(*child));
}

void
children_release(struct children *children)
{
	while (children->n > 0)
		children_remove(children, &children->list[children->n - 1]);
	free(children->list);
	*children = (struct children){ 0 };
}

size_t
children_count(const struct children *children, enum child_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < children->n; i++)
		n += children->list[i].kind == kind;
	return n;
}

void
child_ask(struct child *child, int signo, int64_t now, int64_t term_ms, int64_t kill_ms)
{
	bool is_harder = signo == SIGTERM && child->next_signal != SIGKILL;

	if (!child->is_asked || is_harder)
		(void)kill(child->pid, signo);
	if (!child->is_asked || now + term_ms < child->press_at || is_harder) {
		child->press_at = now + term_ms;
		child->next_signal = signo == SIGTERM ? SIGKILL : SIGTERM;
		child->kill_after_ms = kill_ms;
	}
	child->is_asked = true;
}

int64_t
children_press(struct children *children, int64_t now, int64_t max_ms)
{
	for (size_t i = 0; i < children->n; i++) {
		struct child *child = &children->list[i];

		if (child->press_at == 0)
			continue;
		if (now >= child->press_at) {
			log_warning("%s %d has not ended in time and gets SIG%s",
			    child_kind_name(child->kind), (int)child->pid,
			    sigabbrev_np(child->next_signal));
			(void)kill(child->pid, child->next_signal);
			child->press_at =
			    child->next_signal == SIGKILL ? 0 : now + child->kill_after_ms;
			child->next_signal = SIGKILL;
		}
		if (child->press_at != 0 && child->press_at - now < max_ms)
			max_ms = child->press_at - now;
	}
	return max_ms;
}
