/*
 * stepper.c - see stepper.h.
 */
#include "dev/stepper.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "dev/history.h"

struct stepper {
  pthread_t thread;
  pthread_mutex_t lock; /* of all that follows */
  pthread_cond_t changed;
  bool started, ending;
  stepper_question next; /* waits; its key is empty if none does */
  text current;          /* the key that is being answered; empty = none is */
  text last, answer;     /* the key that was answered last, and the answer */
  bool good;             /* it is no sentence that says what went wrong */
};

void stepper_question_free(stepper_question *q) {
  if (q->flare != NULL) pool_flare_release(q->flare);
  text_free(&q->key);
  text_free(&q->packed);
  text_free(&q->method);
  text_free(&q->url);
  text_free(&q->name);
  text_free(&q->text);
  *q = (stepper_question){0};
}

static bool read_source(const void *data, const char *path, text *source) {
  return pool_flare_read_source(data, path, source);
}

/* Answers a question. */
static bool answer(stepper_question *q, text *json, text *error) {
  recording r;
  history_read(text_bytes(&q->packed), &r);
  r.request.method = q->method;
  r.request.url = q->url;
  q->method = q->url = (text){0}; /* the record's now */
  steps_question question = {
      .flare = pool_flare_get(q->flare),
      .config = pool_flare_config(q->flare),
      .record = &r,
      .kind = q->kind,
      .event = q->event,
      .before = q->before,
      .level = q->level,
      .name = text_bytes(&q->name),
      .text = text_bytes(&q->text),
      .backwards = q->backwards,
      .read_source = read_source,
      .data = q->flare,
  };
  bool good = steps_answer(&question, json, error);
  record_free(&r);
  return good;
}

static void *work(void *data) {
  stepper *s = data;
  pthread_mutex_lock(&s->lock);
  for (;;) {
    while (s->next.key.size == 0 && !s->ending) pthread_cond_wait(&s->changed, &s->lock);
    if (s->ending) break;
    stepper_question q = s->next;
    text json = {0}, error = {0};
    s->next = (stepper_question){0};
    text_clear(&s->current);
    text_add(&s->current, q.key.data, q.key.size);
    pthread_mutex_unlock(&s->lock);
    bool good = answer(&q, &json, &error);
    pthread_mutex_lock(&s->lock);
    text_free(&s->last);
    text_free(&s->answer);
    s->last = s->current;
    s->current = (text){0};
    s->answer = good ? json : error;
    s->good = good;
    text_free(good ? &error : &json);
    stepper_question_free(&q);
  }
  pthread_mutex_unlock(&s->lock);
  return NULL;
}

stepper *stepper_new(void) {
  stepper *s = memory_get(sizeof *s);
  pthread_mutex_init(&s->lock, NULL);
  pthread_cond_init(&s->changed, NULL);
  return s;
}

static bool is_key(const text *key, bytes wanted) {
  return key->size > 0 && key->size == wanted.size && memcmp(key->data, wanted.data, wanted.size) == 0;
}

stepper_state stepper_find(stepper *s, bytes key, text *found) {
  stepper_state state = STEPPER_UNKNOWN;
  pthread_mutex_lock(&s->lock);
  if (is_key(&s->last, key)) {
    text_add(found, text_string(&s->answer), s->answer.size);
    state = s->good ? STEPPER_READY : STEPPER_FAILED;
  } else if (is_key(&s->current, key) || is_key(&s->next.key, key)) {
    state = STEPPER_LATER;
  }
  pthread_mutex_unlock(&s->lock);
  return state;
}

void stepper_ask(stepper *s, stepper_question *q) {
  pthread_mutex_lock(&s->lock);
  stepper_question_free(&s->next);
  s->next = *q;
  *q = (stepper_question){0};
  if (!s->started) s->started = pthread_create(&s->thread, NULL, work, s) == 0;
  pthread_cond_signal(&s->changed);
  pthread_mutex_unlock(&s->lock);
}

void stepper_free(stepper *s) {
  pthread_mutex_lock(&s->lock);
  s->ending = true;
  pthread_cond_signal(&s->changed);
  pthread_mutex_unlock(&s->lock);
  if (s->started) pthread_join(s->thread, NULL);
  stepper_question_free(&s->next);
  text_free(&s->current);
  text_free(&s->last);
  text_free(&s->answer);
  pthread_mutex_destroy(&s->lock);
  pthread_cond_destroy(&s->changed);
  free(s);
}
