/* What is on the card, and what could be. */
#include "vc_record.h"

bool vc_app_is_from(const struct vc_app *app, uk_bytes package)
{
	return uk_bytes_eq(vc_aid_view(&app->ops->package), package);
}

const struct vc_app_ops *vc_kind_named(
    const struct vc_registry *reg, uk_bytes name)
{
	for (size_t i = 0; i < reg->kinds.count; i++) {
		const struct vc_app_ops *kind = reg->kinds.list[i];

		if (uk_bytes_eq(uk_view_str(kind->name), name))
			return kind;
	}
	return NULL;
}

size_t vc_registry_count(const struct vc_registry *reg)
{
	return reg->count;
}

struct vc_app *vc_registry_at(const struct vc_registry *reg, size_t i)
{
	return reg->apps[i];
}

struct vc_app *vc_registry_find(const struct vc_registry *reg, uk_bytes aid)
{
	for (size_t i = 0; i < reg->count; i++) {
		if (uk_bytes_eq(vc_app_aid(reg->apps[i]), aid))
			return reg->apps[i];
	}
	return NULL;
}

const struct vc_app_ops *vc_registry_kind(
    const struct vc_registry *reg, const char *name)
{
	return vc_kind_named(reg, uk_view_str(name));
}

const struct vc_app_ops *vc_registry_kind_of(
    const struct vc_registry *reg, uk_bytes package, uk_bytes module)
{
	for (size_t i = 0; i < reg->kinds.count; i++) {
		const struct vc_app_ops *kind = reg->kinds.list[i];

		if (uk_bytes_eq(vc_aid_view(&kind->package), package) &&
		    uk_bytes_eq(vc_aid_view(&kind->module), module))
			return kind;
	}
	return NULL;
}

bool vc_registry_in_use(const struct vc_registry *reg, uk_bytes package)
{
	for (size_t i = 0; i < reg->count; i++) {
		if (vc_app_is_from(reg->apps[i], package) &&
		    reg->apps[i]->channels != 0)
			return true;
	}
	return false;
}

size_t vc_registry_instances_of(const struct vc_registry *reg, uk_bytes package)
{
	size_t n = 0;

	for (size_t i = 0; i < reg->count; i++)
		n += vc_app_is_from(reg->apps[i], package);
	return n;
}

uint8_t vc_registry_card_life(const struct vc_registry *reg)
{
	uint8_t life;

	/* The failure cannot happen: it was read when the card was opened. */
	return uk_is_ok(vc_record_get_card(reg->nv, &life))
		   ? life
		   : VC_CARD_TERMINATED;
}

uk_err vc_registry_set_card_life(struct vc_registry *reg, uint8_t life)
{
	return vc_record_put_card(reg->nv, life);
}
