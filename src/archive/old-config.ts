/**
 * Turns configs of NeMo 0.11 to 1.0 betas into today's form: `{cls: X, params: {…}}` becomes `{_target_: X, …}`.
 *
 * Mirrors NeMo `maybe_update_config_version` (`_convert_config`), with its order: `params` override their siblings, and lists are not entered.
 */
import type { ConfigObject, ConfigValue } from './config-value.ts';

export function updateOldConfig(value: ConfigValue): ConfigValue {
  if (!isObject(value)) return value;
  const updated: Record<string, ConfigValue> = { ...value };
  if ('cls' in updated && !('_target_' in updated)) {
    updated['_target_'] = updated['cls'] ?? null;
    delete updated['cls'];
  }
  const { params } = updated;
  if (isObject(params)) {
    delete updated['params'];
    Object.assign(updated, params);
  }
  for (const [key, item] of Object.entries(updated)) updated[key] = updateOldConfig(item);
  return updated;
}

function isObject(value: ConfigValue | undefined): value is ConfigObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
