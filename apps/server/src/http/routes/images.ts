import type { imageRoutes } from "@berth/api";
import type { ImageImport } from "../../domain/images/image-import.ts";
import type { ImageRefresh } from "../../domain/images/image-refresh.ts";
import type { Images } from "../../domain/images/images.ts";
import type { Handlers } from "../handler.ts";

export type ImageHandlersDeps = { images: Images; imageImport: ImageImport; imageRefresh: ImageRefresh };

/** Image endpoints. */
export function imageHandlers(deps: ImageHandlersDeps): Pick<Handlers, keyof typeof imageRoutes> {
  const { images, imageImport, imageRefresh } = deps;
  return {
    listImages: ({ actor, query }) => images.list(actor, query),
    importImage: ({ actor, origin, body, signal }) => imageImport.import(body, { actor, origin }, signal),
    getImage: ({ actor, params }) => images.show(actor, params.imageId),
    updateImage: ({ actor, origin, params, body }) => images.update(params.imageId, body, { actor, origin }),
    deleteImage: ({ actor, origin, params }) => images.remove(params.imageId, { actor, origin }),
    addImageTag: ({ actor, origin, params, body, signal }) =>
      imageImport.addTag(params.imageId, body, { actor, origin }, signal),
    removeImageTag: ({ actor, origin, params }) => images.removeTag(params.imageId, params.tag, { actor, origin }),
    refreshImage: ({ actor, origin, params, signal }) =>
      imageRefresh.refresh(params.imageId, { actor, origin }, signal),
  };
}
